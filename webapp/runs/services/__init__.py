"""Writes to runs: `launch` starts them, `control` is what people ask of them, `attempt` is what a worker writes."""
