"""Heads on few dense directions: models that read wide columns otherwise than trees do."""
