"""XGBoost and LightGBM behind one scikit-learn face."""

from gliaboost.models.booster import Booster
from gliaboost.models.lightgbm_booster import LightGBM
from gliaboost.models.registry import MODELS, create_model, register
from gliaboost.models.xgboost_booster import XGBoost

__all__ = ["MODELS", "Booster", "LightGBM", "XGBoost", "create_model", "register"]
