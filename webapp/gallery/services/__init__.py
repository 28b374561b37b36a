"""Writes to the gallery: `pools` brings in what a run generated, `verdicts` is review, `selections` chooses again,
`edits` changes real images."""
