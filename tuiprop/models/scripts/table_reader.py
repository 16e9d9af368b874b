"""The source text in every exported script that reads tables."""

from inspect import getsource

from tuiprop.cell import (
    BOOLEANS,
    MISSING_CELLS,
    NUMBER,
    canonical,
    is_missing,
    is_number,
    matcher,
    plain,
    with_point,
)

CELLS = f"""
MISSING_CELLS = {MISSING_CELLS!a}
NUMBER = re.compile({NUMBER.pattern!a})
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
BOOLEANS = {BOOLEANS!a}


""" + "\n\n".join(
    getsource(each) for each in (plain, is_number, with_point, canonical, is_missing, matcher)
)
"""Source text that reads a cell of a table as tuiprop does."""

READ = '''

find = cache(matcher)


def refuse(name, found, allowed):
    raise ValueError(f"column {name!r}: expected {allowed}, got {found}")


def number(row, name, fill=None):
    if is_missing(row[name], MARKERS):
        return refuse(name, "a missing value", "a value") if fill is None else fill
    if not is_number(row[name], DECIMAL):
        refuse(name, repr(row[name]), "numbers")
    value = float(with_point(row[name], DECIMAL))
    return value if np.isfinite(value) else refuse(name, repr(row[name]), "finite numbers")


def place(row, name, fill=None):
    if is_missing(row[name], MARKERS):
        return refuse(name, "a missing value", "a value") if fill is None else fill
    found = find(ORDERS[name])(with_point(row[name], DECIMAL))
    return refuse(name, repr(row[name]), ", ".join(ORDERS[name])) if found is None else found


def is_category(row, name, k):
    categories = CATEGORIES[name]
    if is_missing(row[name], MARKERS):
        if "" not in categories:
            refuse(name, "a missing value", ", ".join(categories))
        return categories[k] == ""
    return find(categories)(with_point(row[name], DECIMAL)) == k


def check_categories(rows):
    """Refuse a column without any known category, and print a note on unknown ones."""
    for name, categories in CATEGORIES.items():
        cells = {row[name] for row in rows if not is_missing(row[name], MARKERS)}
        unknown = {cell for cell in cells if find(categories)(with_point(cell, DECIMAL)) is None}
        if unknown:
            found = ", ".join(map(repr, sorted(unknown)[:3]))
            if unknown == cells:
                refuse(name, f"{found} and no known category", ", ".join(categories))
            print(f"note: column {name!r}: unknown categories: {found}", file=sys.stderr)


def table(file):
    """The names of the columns, and the rows, of a CSV file; blank lines are left out."""
    for delimiter in DELIMITERS:
        file.seek(0)
        reader = csv.reader(file, delimiter=delimiter)
        names = [plain(name) for name in next(reader, [])]
        if set(COLUMNS) <= set(names):
            return names, reader
    file.seek(0)
    found = plain(file.readline())
    raise ValueError(f"line 1: expected names of columns, with {COLUMNS}, got {found!r}")


def read(path):
    """The raw inputs of a CSV file with a header line, by the names of its columns."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        names, reader = table(file)
        rows, inputs, line = [], [], reader.line_num + 1
        for cells in reader:
            try:
                if cells and len(cells) != len(names):
                    raise ValueError(f"expected {len(names)} cells, got {len(cells)}")
                if cells:
                    rows.append(dict(zip(names, map(plain, cells))))
                    inputs.append([float(x(rows[-1])) for x in INPUTS])
            except ValueError as error:
                raise ValueError(f"line {line}: {error}") from None
            line = reader.line_num + 1
    check_categories(rows)
    return np.array(inputs).reshape(-1, len(INPUTS))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} FILE.csv")
    try:
        inputs = read(sys.argv[1])
    except (OSError, ValueError, csv.Error) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    writer = csv.writer(sys.stdout, lineterminator="\\n")
    writer.writerow(OUTPUTS)
    writer.writerows(predict(inputs).tolist())
'''
"""Source text that reads a CSV file, and the command line of a script."""
