"""The entry point of KServe's init container: pairs of storage URI and folder, as arguments."""

import sys

from kserve_storage import Storage

if __name__ == "__main__":
    Storage.download_files(sys.argv[1::2], sys.argv[2::2])
