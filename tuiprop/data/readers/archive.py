"""Members of a zip archive, which is what a `.npz` file is, never larger than they say."""

import zipfile

_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""NumPy's own. What the others inflate to cannot be bounded."""

_PIECE = 1 << 20
"""Bytes inflated at a time: `ZipFile.read` inflates all there is, and then looks at the size."""


def member_content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytearray:
    """The bytes of a member, as many as the archive's directory declares.

    Raises:
        zipfile.BadZipFile: it is more or less, or other bytes, or compressed in another way.
    """
    if member.compress_type not in _METHODS:
        found = f"{member.filename} is compressed by method {member.compress_type}"
        raise zipfile.BadZipFile(f"{found}, allowed: 0, not at all, and 8, deflate")
    content = bytearray()
    with archive.open(member) as stream:
        while piece := stream.read(_PIECE):
            content += piece
    return content
