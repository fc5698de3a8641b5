"""What Maya1 is: token layout, frames, prompt, codec, voices."""
