"""The official wandb client's side of the server. Nothing here but the route table is loaded before its first request."""
