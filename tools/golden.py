"""Rewrite the golden files of the translation: `make golden`, from the root of the repository."""

from tests.unit.translate import golden

if __name__ == "__main__":
    golden.rewrite()
    print(f"{len(golden.SITUATIONS)} golden files in {golden.FOLDER}: read the difference")
