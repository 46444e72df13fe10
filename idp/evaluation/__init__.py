"""May I? Whether an agency's application may read what a data provider holds of a citizen, for a purpose (OpenID
AuthZEN Authorization API 1.0): the question read, put into our numbers, judged and disclosed in one statement, and
answered.
"""
