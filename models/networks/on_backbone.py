"""What models on a pretrained backbone have in common: its weights, and what these learned from."""

from __future__ import annotations

from gliaboost.features.embedding.availability import weights_faults
from gliaboost.features.embedding.pretraining import pretraining, pretraining_faults


class OnBackbone:
    """A model whose constructor takes a backbone and its weights.

    Attributes
    ----------
    backbone, weights, sha256, trained_on : str
        As for `gliaboost.models.networks.cnn.FinetunedCNN`.

    Examples
    --------
    >>> class Model(OnBackbone):
    ...     backbone, weights, sha256, trained_on = "tf_efficientnet_lite0", "net.pth", "", ""
    >>> Model().pretraining
    ('unknown',)
    """

    backbone: str
    weights: str
    sha256: str
    trained_on: str

    @property
    def pretraining(self) -> tuple[str, ...]:
        """What the backbone's weights were learned from before."""
        return pretraining(self.backbone, self.weights, self.trained_on)

    def backbone_faults(self, purpose: str) -> list[str]:
        """List what keeps backbone and weights from being used here, and what is wrongly said.

        Parameters
        ----------
        purpose : str
            What needs them, for the message where a package is missing.
        """
        return [
            *weights_faults(self.backbone, self.weights, self.sha256, purpose),
            *pretraining_faults(self.backbone, self.weights, self.trained_on),
        ]
