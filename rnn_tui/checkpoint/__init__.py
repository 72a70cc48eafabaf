"""The file format: one `.safetensors` file holds a run."""
