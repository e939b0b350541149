"""Second floor: the assistant. It may ask, it may not decide."""

import os

# Read once by numpy's BLAS when it is loaded. The matrices of one sentence are small: threads that wait for each other
# cost eight times the CPU and save nothing, and requests have threads of their own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
