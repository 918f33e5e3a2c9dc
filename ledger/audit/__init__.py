"""The auditor: it recomputes everything from the payloads and trusts nobody, least of all the code that wrote them.

It shares with the write path no more than the formats: canonical JSON, hashes, the tree, notes. What it notices is
data: findings with their positions.
"""
