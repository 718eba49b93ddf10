"""Fills a volume with a model once, however many processes are asked to, and tells the others when it is complete.

Runs inside a pod, from a zip file in a ConfigMap: nothing but Python's own library is imported here at the top of a
module, and of the package only what `program.py` lists.
"""
