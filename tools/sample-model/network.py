"""A YOLOv5n-shaped detector: 6×6 stem, C3 stages, SPPF, top-down and bottom-up neck, anchor head at strides 8, 16, 32."""

import torch
from torch import Tensor, nn

STRIDES = (8, 16, 32)

# Width and height in pixels of the 320-pixel input; k-means over the training boxes (`python anchors.py`).
ANCHORS = (
    ((13.0, 15.0), (41.0, 12.0), (26.0, 22.0)),
    ((17.0, 34.0), (64.0, 17.0), (37.0, 47.0)),
    ((85.0, 37.0), (59.0, 66.0), (95.0, 70.0)),
)


class ConvUnit(nn.Module):
    """Convolution, batch norm, SiLU. `fuse` folds the norm into the convolution for export."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, padding: int | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2 if padding is None else padding, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(x)))

    @torch.no_grad()
    def fuse(self) -> None:
        if not isinstance(self.norm, nn.BatchNorm2d):
            return
        factor = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        self.conv.weight.mul_(factor[:, None, None, None])
        self.conv.bias = nn.Parameter(self.norm.bias - self.norm.running_mean * factor)
        self.norm = nn.Identity()


class Bottleneck(nn.Module):
    def __init__(self, channels: int, shortcut: bool) -> None:
        super().__init__()
        self.cv1 = ConvUnit(channels, channels, 1)
        self.cv2 = ConvUnit(channels, channels, 3)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        y = self.cv2(self.cv1(x))
        return x + y if self.shortcut else y


class C3(nn.Module):
    """Two branches at half width, one of them through `depth` bottlenecks, joined again by a 1×1 convolution."""

    def __init__(self, inputs: int, outputs: int, depth: int, shortcut: bool = True) -> None:
        super().__init__()
        half = outputs // 2
        self.cv1 = ConvUnit(inputs, half)
        self.cv2 = ConvUnit(inputs, half)
        self.cv3 = ConvUnit(2 * half, outputs)
        self.m = nn.Sequential(*(Bottleneck(half, shortcut) for _ in range(depth)))

    def forward(self, x: Tensor) -> Tensor:
        return self.cv3(torch.cat((self.m(self.cv1(x)), self.cv2(x)), 1))


class SPPF(nn.Module):
    """Three chained 5×5 max-pools: the receptive fields of 5, 9 and 13."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.cv1 = ConvUnit(channels, channels // 2)
        self.cv2 = ConvUnit(channels * 2, channels)
        self.pool = nn.MaxPool2d(5, 1, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cv1(x)
        first = self.pool(x)
        second = self.pool(first)
        return self.cv2(torch.cat((x, first, second, self.pool(second)), 1))


class DetectHead(nn.Module):
    """One 1×1 convolution a scale. Training sees raw values; `decode` yields 1×N×(5+C) in pixels."""

    def __init__(self, classes: int, channels: tuple[int, int, int]) -> None:
        super().__init__()
        self.classes = classes
        self.values = 5 + classes
        self.per_cell = len(ANCHORS[0])
        self.m = nn.ModuleList(nn.Conv2d(c, self.values * self.per_cell, 1) for c in channels)
        self.register_buffer("anchors", torch.tensor(ANCHORS), persistent=False)
        self.decoded = False
        self._set_initial_biases()

    @torch.no_grad()
    def _set_initial_biases(self) -> None:
        """Start from the prior that a picture holds few objects, or the first steps drown in false alarms."""
        for conv, stride in zip(self.m, STRIDES, strict=True):
            bias = conv.bias.view(self.per_cell, self.values)
            bias[:, 4] += torch.log(torch.tensor(2.0 / (320 / stride) ** 2))
            bias[:, 5:] += torch.log(torch.tensor(0.6 / (self.classes - 1)))

    def forward(self, features: list[Tensor]) -> list[Tensor] | Tensor:
        raw = []
        for conv, x in zip(self.m, features, strict=True):
            y = conv(x)
            batch, _, rows, columns = y.shape
            raw.append(y.view(batch, self.per_cell, self.values, rows, columns).permute(0, 1, 3, 4, 2))
        return self._decode(raw) if self.decoded else raw

    def _decode(self, raw: list[Tensor]) -> Tensor:
        scales = []
        for level, (values, stride) in enumerate(zip(raw, STRIDES, strict=True)):
            batch, per_cell, rows, columns, _ = (int(size) for size in values.shape)
            centre, size, scores = values.sigmoid().split((2, 2, self.classes + 1), 4)
            centre = (centre * 2 + self._grid(per_cell, rows, columns)) * stride
            size = (size * 2) ** 2 * self._anchor_grid(level, rows, columns)
            scales.append(torch.cat((centre, size, scores), 4).view(batch, per_cell * rows * columns, self.values))
        return torch.cat(scales, 1)

    @staticmethod
    def _grid(per_cell: int, rows: int, columns: int) -> Tensor:
        """Cell corner minus a half, so that a sigmoid of one half lands in the middle of the cell."""
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        return (torch.stack((x, y), 2).expand(1, per_cell, rows, columns, 2) - 0.5).contiguous()

    def _anchor_grid(self, level: int, rows: int, columns: int) -> Tensor:
        return self.anchors[level].view(1, self.per_cell, 1, 1, 2).expand(1, self.per_cell, rows, columns, 2).contiguous()


class Detector(nn.Module):
    """Depth 0.33 and width 0.25 of the family: about 1.77 million parameters."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = ConvUnit(3, 16, 6, 2, 2)
        self.down2 = ConvUnit(16, 32, 3, 2)
        self.stage2 = C3(32, 32, 1)
        self.down3 = ConvUnit(32, 64, 3, 2)
        self.stage3 = C3(64, 64, 2)
        self.down4 = ConvUnit(64, 128, 3, 2)
        self.stage4 = C3(128, 128, 3)
        self.down5 = ConvUnit(128, 256, 3, 2)
        self.stage5 = C3(256, 256, 1)
        self.sppf = SPPF(256)
        self.lateral5 = ConvUnit(256, 128)
        self.top4 = C3(256, 128, 1, shortcut=False)
        self.lateral4 = ConvUnit(128, 64)
        self.top3 = C3(128, 64, 1, shortcut=False)
        self.up3 = ConvUnit(64, 64, 3, 2)
        self.out4 = C3(128, 128, 1, shortcut=False)
        self.up4 = ConvUnit(128, 128, 3, 2)
        self.out5 = C3(256, 256, 1, shortcut=False)
        self.upsample = nn.Upsample(scale_factor=2.0, mode="nearest")
        self.head = DetectHead(classes, (64, 128, 256))

    def forward(self, images: Tensor) -> list[Tensor] | Tensor:
        """Images are batch×3×rows×columns, RGB in 0..1, both sides multiples of 32."""
        c3 = self.stage3(self.down3(self.stage2(self.down2(self.stem(images)))))
        c4 = self.stage4(self.down4(c3))
        p5 = self.lateral5(self.sppf(self.stage5(self.down5(c4))))
        p4 = self.lateral4(self.top4(torch.cat((self.upsample(p5), c4), 1)))
        small = self.top3(torch.cat((self.upsample(p4), c3), 1))
        medium = self.out4(torch.cat((self.up3(small), p4), 1))
        large = self.out5(torch.cat((self.up4(medium), p5), 1))
        return self.head([small, medium, large])

    def fuse(self) -> None:
        for module in self.modules():
            if isinstance(module, ConvUnit):
                module.fuse()
