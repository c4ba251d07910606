"""Writes workdays.csv and counted.csv, which the Go code is compared with.

Days: PyPI package chinesecalendar 1.11.0 (MIT, Lirian Su), which keeps the notices of the General Office of the State Council.
    pip install chinesecalendar==1.11.0 && python oracle.py
"""
import datetime as dt
import random

from chinese_calendar import is_workday

first, last = dt.date(2019, 1, 1), dt.date(2026, 12, 31)
day = dt.timedelta(days=1)
with open("workdays.csv", "w") as f:
    f.write("# month, then a digit for each of its days: 1 is a working day. PyPI chinesecalendar 1.11.0 (MIT), see oracle.py\n")
    d, month = first, None
    while d <= last:
        if month != d.strftime("%Y-%m"):
            f.write(("\n" if month else "") + d.strftime("%Y-%m,"))
            month = d.strftime("%Y-%m")
        f.write("1" if is_workday(d) else "0")
        d += day
    f.write("\n")

random.seed(20261123)
days = [first + i * day for i in range((last - first).days + 1)]
work = [d for d in days if is_workday(d)]
with open("counted.csv", "w") as f:
    f.write("# from, n, the n-th working day after it (before it for negative n), natural days until then\n")
    for _ in range(400):
        d, n = random.choice(days), random.choice([1, 2, 3, 5, 7, 10, 15, 20, 60, -1, -5, -30])
        after = [w for w in work if w > d] if n > 0 else [w for w in reversed(work) if w < d]
        if len(after) >= abs(n):
            w = after[abs(n) - 1]
            f.write(f"{d},{n},{w},{(w - d).days}\n")
