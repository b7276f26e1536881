"""What every test begins with."""

import os

# As the command line does it: the number of threads in a sum must not decide a word of a transcript.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
