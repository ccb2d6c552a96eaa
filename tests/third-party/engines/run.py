"""Runs the blocks of a guide in a directory with a dataset, and prints what each last statement gives.

run.py duckdb|polars GUIDE DIRECTORY
"""

import json
import os
import re
import sys


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def in_duckdb(text):
    import duckdb

    connection = duckdb.connect()
    answers = []
    for block in blocks(text, "sql"):
        answer = connection.execute(block)
        names = [column[0] for column in answer.description]
        answers.append([dict(zip(names, row)) for row in answer.fetchall()])
    return answers


def in_polars(text):
    answers = []
    for block in blocks(text, "python"):
        names = {}
        exec(compile(block, "guide", "exec"), names)
        answers.append(names["spend"].to_dicts())
    return answers


engine, guide, directory = sys.argv[1:]
with open(guide, encoding="utf-8") as file:
    text = file.read()
os.chdir(directory)
print(json.dumps({"duckdb": in_duckdb, "polars": in_polars}[engine](text)))
