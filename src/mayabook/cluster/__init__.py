"""Makes takes on many machines: engines and checks as Ray actors on the workers, job folders on the driver.

Nothing here is imported without `--cluster`, and Ray only by `connection.py`, `farm.py` and `worker.py`.
"""

import os

os.environ.setdefault("RAY_AUTH_MODE", "token")  # Ray reads these when it is imported
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
