"""Files of the user's machine in a claim, and back, through a pod that lives as long as that takes.

`agent.py` runs in the pod; `session.py` speaks to it over a channel: a pod's standard input and output, or a process's.
"""
