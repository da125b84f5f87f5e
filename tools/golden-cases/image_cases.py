"""Small pictures in every form of PNG, JPEG, BMP and WebP that cameras and labelling tools write, with the pixels that OpenCV reads."""

import argparse
import base64
import gzip
import io
import json
import struct
import zlib
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy
from PIL import Image

WIDTH, HEIGHT = 21, 15
ORIENTATION = 0x0112


def picture(width=WIDTH, height=HEIGHT):
    """A gradient with edges and noise, RGB."""
    rng = numpy.random.default_rng(5)
    y, x = numpy.mgrid[:height, :width]
    image = numpy.stack([x * 255 / (width - 1), y * 255 / (height - 1), 255 * ((x // 4 + y // 4) % 2)], -1)
    return numpy.clip(image + rng.normal(0, 9, image.shape), 0, 255).astype(numpy.uint8)


RGB = picture()
PIL_RGB = Image.fromarray(RGB)
GREY = PIL_RGB.convert("L")
ALPHA = Image.fromarray((numpy.arange(WIDTH * HEIGHT) % 256).astype(numpy.uint8).reshape(HEIGHT, WIDTH))
DEEP = (RGB.astype(numpy.uint16) * 257 + numpy.arange(RGB.size, dtype=numpy.uint16).reshape(RGB.shape) % 200).astype(numpy.uint16)


def saved(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def encoded(array, extension):
    return cv2.imencode(extension, array)[1].tobytes()


def with_alpha(image):
    image = image.copy()
    image.putalpha(ALPHA)
    return image


def exif(value, order=">"):
    """An EXIF block with an orientation alone, in one byte order."""
    mark = b"MM" if order == ">" else b"II"
    return b"Exif\0\0" + mark + struct.pack(order + "HIHHHIHHI", 42, 8, 1, ORIENTATION, 3, 1, value, 0, 0)


def jpeg_with(segment, jpeg):
    """Puts a segment (marker, content) behind the start of a JPEG file."""
    marker, content = segment
    return jpeg[:2] + bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def jpeg_without(marker, jpeg):
    position, kept = 2, jpeg[:2]
    while jpeg[position + 1] != 0xDA:
        end = position + 2 + struct.unpack(">H", jpeg[position + 2 : position + 4])[0]
        if jpeg[position + 1] != marker:
            kept += jpeg[position:end]
        position = end
    return kept + jpeg[position:]


def png_with(chunk, content, png):
    """Puts a chunk behind the header of a PNG file."""
    body = chunk + content
    return png[:33] + struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body)) + png[33:]


def interlaced_png(image):
    """Adam7, which Pillow does not write."""
    array = numpy.asarray(image)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = b"".join(b"\0" + row.tobytes() for x, y, dx, dy in passes for row in array[y::dy, x::dx] if row.size)
    head = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 1)

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bmp(bits, compression, pixels, palette=b"", masks=b"", height=HEIGHT, width=WIDTH, head_size=40):
    """Masks follow a header of 40 bytes and are part of one of 56."""
    offset = 14 + 40 + len(masks) + len(palette)
    head = struct.pack("<IiiHHIIiiII", head_size, width, height, 1, bits, compression, len(pixels), 2835, 2835, len(palette) // 4, 0)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + head + masks + palette + pixels


def bmp_rows(rows):
    """Rows of bytes from the bottom up, each filled to a multiple of four."""
    return b"".join(row + b"\0" * (-len(row) % 4) for row in reversed(rows))


PALETTED = PIL_RGB.quantize(256, dither=Image.Dither.NONE)
FEW = PIL_RGB.quantize(14, dither=Image.Dither.NONE)
INDICES = numpy.asarray(FEW)


def bmp_palette(image, entries):
    colours = image.getpalette()[: entries * 3]
    colours += [0] * (entries * 3 - len(colours))
    return b"".join(bytes([colours[3 * i + 2], colours[3 * i + 1], colours[3 * i], 0]) for i in range(entries))


def nibbles(row):
    row = list(row) + [0] * (len(row) % 2)
    return bytes(row[i] << 4 | row[i + 1] for i in range(0, len(row), 2))


def runs(row, limit=255):
    found = []
    for value in row:
        if found and found[-1][1] == value and found[-1][0] < limit:
            found[-1][0] += 1
        else:
            found.append([1, value])
    return found


def rle8(indices):
    out = b""
    for number, row in enumerate(reversed(indices.tolist())):
        if number % 3 == 2:  # every third row as it is: at least three values, filled to an even length
            out += bytes([0, len(row), *row]) + b"\0" * (len(row) % 2)
        else:
            out += b"".join(bytes(run) for run in runs(row))
        out += b"\0\0"
    return out + b"\0\1"


def rle8_moves():
    """A picture that is left early, with a jump over pixels: what is skipped has the first colour."""
    return bytes([4, 3, 0, 2, 5, 2, 6, 7, 0, 0, 0, 0, 9, 1, 0, 1])


def rle4(indices):
    out = b""
    for number, row in enumerate(reversed(indices.tolist())):
        if number % 3 == 2:
            packed = nibbles(row)
            out += bytes([0, len(row)]) + packed + b"\0" * (len(packed) % 2)
        else:
            out += b"".join(bytes([count, value << 4 | value]) for count, value in runs(row))
        out += b"\0\0"
    return out + b"\0\1"


def packed16(shifts, widths):
    values = sum((RGB[..., c].astype(numpy.uint16) >> (8 - widths[c])) << shifts[c] for c in range(3))
    return bmp_rows([row.astype("<u2").tobytes() for row in values])


def packed32(order):
    alpha = numpy.asarray(ALPHA)
    planes = {"R": RGB[..., 0], "G": RGB[..., 1], "B": RGB[..., 2], "A": alpha}
    return bmp_rows([row.tobytes() for row in numpy.stack([planes[c] for c in order], -1)])


def jpegs():
    yield "JPEG 4:4:4", saved(PIL_RGB, "JPEG", quality=92, subsampling=0)
    yield "JPEG 4:2:2", saved(PIL_RGB, "JPEG", quality=85, subsampling=1)
    yield "JPEG 4:2:0", saved(PIL_RGB, "JPEG", quality=75, subsampling=2)
    yield "JPEG of low quality", saved(PIL_RGB, "JPEG", quality=12)
    yield "JPEG progressive", saved(PIL_RGB, "JPEG", quality=88, progressive=True)
    yield "JPEG progressive 4:4:4", saved(PIL_RGB, "JPEG", quality=95, progressive=True, subsampling=0)
    yield "JPEG with restarts", saved(PIL_RGB, "JPEG", quality=80, restart_marker_blocks=1)
    yield "JPEG stored as RGB", saved(PIL_RGB, "JPEG", quality=90, keep_rgb=True)
    yield "JPEG 4:2:0 of 64 by 48", saved(Image.fromarray(picture(64, 48)), "JPEG", quality=80)
    yield "JPEG 4:2:0 of 33 by 1", saved(Image.fromarray(picture(33, 2)).crop((0, 0, 33, 1)), "JPEG", quality=80)
    yield "JPEG grey", saved(GREY, "JPEG", quality=85)
    yield "JPEG grey, progressive", saved(GREY, "JPEG", quality=85, progressive=True)
    cmyk = Image.merge("CMYK", [*PIL_RGB.split(), GREY])
    inks = saved(cmyk, "JPEG", quality=90)
    yield "JPEG CMYK", inks
    yield "JPEG CMYK of a picture without black", saved(PIL_RGB.convert("CMYK"), "JPEG", quality=90, progressive=True)
    yield "JPEG CMYK without Adobe's mark", jpeg_without(0xEE, inks)
    # The last byte of Adobe's mark says how the components were turned: 0 not at all, 2 inks to brightness and colours.
    yield "JPEG YCCK", inks.replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
    plain = saved(PIL_RGB, "JPEG", quality=90)
    for value in range(10):
        yield f"JPEG with orientation {value}", jpeg_with((0xE1, exif(value)), plain)
    yield "JPEG with orientation 6, low byte first", jpeg_with((0xE1, exif(6, "<")), plain)
    yield "JPEG with orientation 6 behind its other header", plain[:20] + jpeg_with((0xE1, exif(6)), plain[:2])[2:] + plain[20:]
    yield "JPEG with EXIF that is cut", jpeg_with((0xE1, exif(6)[:20]), plain)
    yield "JPEG grey with orientation 8", jpeg_with((0xE1, exif(8)), saved(GREY, "JPEG", quality=90))
    yield "JPEG CMYK with orientation 5", jpeg_with((0xE1, exif(5)), saved(cmyk, "JPEG", quality=90))


def pngs():
    yield "PNG RGB", saved(PIL_RGB, "PNG")
    yield "PNG RGB, interlaced", interlaced_png(PIL_RGB)
    yield "PNG RGB with a transparent colour", saved(PIL_RGB, "PNG", transparency=tuple(int(v) for v in RGB[3, 4]))
    yield "PNG RGB with gamma", png_with(b"gAMA", struct.pack(">I", 100000), saved(PIL_RGB, "PNG"))
    yield "PNG RGB with orientation 6", saved(PIL_RGB, "PNG", exif=exif(6)[6:])
    yield "PNG RGBA", saved(with_alpha(PIL_RGB), "PNG")
    yield "PNG RGBA, invisible", saved(Image.merge("RGBA", [*PIL_RGB.split(), Image.new("L", PIL_RGB.size, 0)]), "PNG")
    yield "PNG grey", saved(GREY, "PNG")
    yield "PNG grey with alpha", saved(with_alpha(GREY), "PNG")
    yield "PNG grey with a transparent value", saved(GREY, "PNG", transparency=int(numpy.asarray(GREY)[2, 2]))
    yield "PNG of two values", saved(GREY.convert("1"), "PNG")
    yield "PNG palette", saved(PALETTED, "PNG")
    yield "PNG palette of 4 bits", saved(FEW, "PNG")
    yield "PNG palette of 2 bits", saved(PIL_RGB.quantize(4), "PNG", bits=2)
    yield "PNG palette with alpha", saved(PALETTED, "PNG", transparency=bytes(range(256)))
    yield "PNG palette with a transparent entry", saved(PALETTED, "PNG", transparency=int(numpy.asarray(PALETTED)[1, 1]))
    yield "PNG palette of 4 bits with alpha", saved(FEW, "PNG", transparency=bytes(range(0, 224, 16)))
    yield "PNG of 16 bits, RGB", encoded(DEEP, ".png")
    yield "PNG of 16 bits, RGBA", encoded(numpy.dstack([DEEP, DEEP[..., :1]]), ".png")
    yield "PNG of 16 bits, grey", encoded(DEEP[..., 1], ".png")


def bmps():
    yield "BMP of 24 bits", saved(PIL_RGB, "BMP")
    yield "BMP of 24 bits, grey values", saved(GREY.convert("RGB"), "BMP")
    yield "BMP of 24 bits, top down", bmp(24, 0, bmp_rows([row[:, ::-1].tobytes() for row in RGB][::-1]), height=-HEIGHT)
    yield "BMP of 32 bits", bmp(32, 0, packed32("BGRA"))
    yield "BMP of 32 bits, Pillow's", saved(with_alpha(PIL_RGB), "BMP")
    yield "BMP of 32 bits, OpenCV's", encoded(numpy.dstack([RGB[..., ::-1], numpy.asarray(ALPHA)]), ".bmp")
    yield "BMP of 32 bits with masks", bmp(32, 3, packed32("BGRA"), masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))
    other = struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    yield "BMP of 32 bits with masks in another order", bmp(32, 3, packed32("RGBA"), masks=other, head_size=56)
    yield "BMP of 32 bits with masks in another order behind the header", bmp(32, 3, packed32("RGBA"), masks=other[:12])
    yield "BMP of 8 bits, grey", saved(GREY, "BMP")
    yield "BMP of 8 bits, palette", saved(PALETTED, "BMP")
    yield "BMP of 8 bits, 14 colours", bmp(8, 0, bmp_rows([row.tobytes() for row in INDICES]), bmp_palette(FEW, 14))
    yield "BMP of 4 bits", bmp(4, 0, bmp_rows([nibbles(row.tolist()) for row in INDICES]), bmp_palette(FEW, 16))
    yield "BMP of 1 bit", saved(GREY.convert("1"), "BMP")
    yield "BMP of 8 bits in runs", bmp(8, 1, rle8(INDICES), bmp_palette(FEW, 16))
    yield "BMP of 8 bits in runs with gaps", bmp(8, 1, rle8_moves(), bmp_palette(FEW, 16))
    yield "BMP of 4 bits in runs", bmp(4, 2, rle4(INDICES), bmp_palette(FEW, 16))
    yield "BMP of 16 bits", bmp(16, 0, packed16((10, 5, 0), (5, 5, 5)))
    yield "BMP of 16 bits, 5-6-5", bmp(16, 3, packed16((11, 5, 0), (5, 6, 5)), masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    yield "BMP of 16 bits, 5-5-5 by masks", bmp(16, 3, packed16((10, 5, 0), (5, 5, 5)), masks=struct.pack("<III", 0x7C00, 0x3E0, 0x1F))
    yield "BMP of 1 by 1", saved(PIL_RGB.crop((3, 3, 4, 4)), "BMP")


def webps():
    yield "WebP lossless", saved(PIL_RGB, "WEBP", lossless=True)
    yield "WebP lossless with alpha", saved(with_alpha(PIL_RGB), "WEBP", lossless=True, exact=True)
    yield "WebP lossless with orientation 6", saved(PIL_RGB, "WEBP", lossless=True, exif=exif(6)[6:])
    yield "WebP lossy", saved(PIL_RGB, "WEBP", quality=80)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    cases = []
    for name, data in [*jpegs(), *pngs(), *bmps(), *webps()]:
        read = cv2.imdecode(numpy.frombuffer(data, numpy.uint8), cv2.IMREAD_COLOR)
        if read is None:
            print(f"OpenCV does not read {name}")
            continue
        rgb = numpy.ascontiguousarray(read[..., ::-1])
        cases.append({
            "name": name,
            "file": base64.b64encode(data).decode(),
            "width": rgb.shape[1],
            "height": rgb.shape[0],
            "rgb": base64.b64encode(rgb.tobytes()).decode(),
        })
    document = {"from": f"OpenCV {cv2.__version__}, files by Pillow {version('pillow')}", "cases": cases}
    out.write_bytes(gzip.compress(json.dumps(document, separators=(",", ":")).encode(), 9, mtime=0))
    print(f"{len(cases)} cases, {out.stat().st_size} bytes in {out}")


if __name__ == "__main__":
    main()
