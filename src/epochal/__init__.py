"""epochal: a self-hosted experiment tracker."""
