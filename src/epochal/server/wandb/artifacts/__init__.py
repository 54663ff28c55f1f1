"""Artifacts as wandb's clients see them: GraphQL's nodes, uploads and downloads."""
