"""Providers behind one interface: in this process, dynamic, or plugin executables."""
