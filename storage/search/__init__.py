"""The search index: tantivy in a folder beside the database, which it follows."""

from storage.search.index import TantivyIndex

__all__ = ["TantivyIndex"]
