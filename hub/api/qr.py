"""QR codes as plain data, so that the app needs no library to draw one."""

import asyncio


async def qr_rows(text: str) -> list[str]:
    """Return the rows of a QR code: `1` is dark; a page draws the quiet zone around it itself."""
    return await asyncio.to_thread(_rows, text)


def _rows(text: str) -> list[str]:
    import segno  # noqa: PLC0415 - for those who pair alone

    code = segno.make_qr(text, error="m")
    return ["".join("1" if module else "0" for module in row) for row in code.matrix]
