"""Writes to studies: `launch` starts them, `control` is what people ask of them, `attempt` what a worker writes."""
