import pytest
import torch
import torch.nn.functional as F

from boxwright.models.necks.fpn import FeaturePyramid

CHANNELS = (5, 6, 7)


def features(height=16, width=24):
    torch.manual_seed(0)
    return [torch.randn(2, c, height >> step, width >> step) for step, c in enumerate(CHANNELS)]


@pytest.mark.parametrize("levels", [(3, 4, 5, 6, 7), (4, 5, 6), (5, 6), (3, 4)])
def test_a_map_for_each_level(levels):
    maps = FeaturePyramid(CHANNELS, 8, levels).eval()(features())
    sizes = {3: (16, 24), 4: (8, 12), 5: (4, 6), 6: (2, 3), 7: (1, 2)}
    assert [tuple(each.shape) for each in maps] == [(2, 8, *sizes[level]) for level in levels]


@pytest.mark.parametrize("extra_from_backbone", [False, True])
def test_maps_by_definition(extra_from_backbone):
    # Lin et al. 2017, section 3, and the two extra levels of RetinaNet, written out.
    pyramid = FeaturePyramid(CHANNELS, 8, (3, 4, 5, 6, 7), norm=False, extra_from_backbone=extra_from_backbone)
    c3, c4, c5 = features()
    m5 = pyramid.lateral[2](c5)
    m4 = pyramid.lateral[1](c4) + m5.repeat_interleave(2, 2).repeat_interleave(2, 3)
    m3 = pyramid.lateral[0](c3) + m4.repeat_interleave(2, 2).repeat_interleave(2, 3)
    p3, p4, p5 = (conv(each) for conv, each in zip(pyramid.post, (m3, m4, m5), strict=True))
    p6 = pyramid.extra[0](c5 if extra_from_backbone else p5)
    p7 = pyramid.extra[1](F.relu(p6))
    for found, wanted in zip(pyramid([c3, c4, c5]), (p3, p4, p5, p6, p7), strict=True):
        torch.testing.assert_close(found, wanted)


def test_norms_come_after_the_extra_levels():
    # The service's pyramid makes level 6 from level 5 before its norm.
    pyramid = FeaturePyramid(CHANNELS, 8, (3, 4, 5, 6, 7))
    plain = FeaturePyramid(CHANNELS, 8, (3, 4, 5, 6, 7), norm=False)
    plain.load_state_dict(pyramid.state_dict(), strict=False)
    for norm, found, before in zip(pyramid.norm, pyramid(features()), plain(features()), strict=True):
        wanted = F.batch_norm(before, None, None, norm.weight, norm.bias, True, eps=1e-4)
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
