"""Runs the blocks of a guide in a directory with a dataset, and prints what each last statement gives.
How many seconds each took goes to stderr.

run.py duckdb|polars GUIDE DIRECTORY
"""

import json
import os
import re
import sys
import time


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def told(began):
    print(f"{time.monotonic() - began:.2f}", file=sys.stderr)


def in_duckdb(text):
    import duckdb

    connection = duckdb.connect()
    answers = []
    for block in blocks(text, "sql"):
        began = time.monotonic()
        answer = connection.execute(block)
        names = [column[0] for column in answer.description]
        answers.append([dict(zip(names, row)) for row in answer.fetchall()])
        told(began)
    return answers


def in_polars(text):
    answers = []
    for block in blocks(text, "python"):
        names = {}
        began = time.monotonic()
        exec(compile(block, "guide", "exec"), names)
        answers.append(names["spend"].to_dicts())
        told(began)
    return answers


engine, guide, directory = sys.argv[1:]
with open(guide, encoding="utf-8") as file:
    text = file.read()
os.chdir(directory)
print(json.dumps({"duckdb": in_duckdb, "polars": in_polars}[engine](text)))
