"""Numbers of bytes as text."""


def format_bytes(n_bytes: int) -> str:
    """In decimal units: 1.2 GB, 6.6 MB, 312 kB."""
    if n_bytes >= 1e9:
        return f"{n_bytes / 1e9:.1f} GB"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:,.0f} kB"
