"""Contract types of our own for import-linter."""

import sys

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class StandardLibraryOnlyContract(Contract):
    """The packages import themselves and the standard library, and nothing else.

    The built-in `forbidden` contract needs a list of libraries, which the next dependency escapes.
    """

    packages = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001
        foreign = [
            f"{importer} -> {imported}"
            for package in sorted(self.packages)  # type: ignore[call-overload]  # a field is a descriptor
            for importer in sorted({package} | graph.find_descendants(package))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not _is_allowed(imported, package)
        ]
        return ContractCheck(kept=not foreign, metadata={"foreign": foreign})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["foreign"]:
            output.print_error(line)


def _is_allowed(imported: str, package: str) -> bool:
    root = imported.partition(".")[0]
    return root in sys.stdlib_module_names or f"{imported}.".startswith(f"{package}.")
