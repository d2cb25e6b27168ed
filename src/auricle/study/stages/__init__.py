"""The stages of a study: each makes one shard from the shards before it."""
