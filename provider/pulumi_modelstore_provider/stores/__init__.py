"""One bucket's objects, whichever store has them: what is asked of a store, and how one is opened."""
