"""The read side: time travel, projections, and the answers made from them."""
