"""How is a tree answered by a cluster? By an index of OpenSearch that holds the terms which our own chain makes."""
