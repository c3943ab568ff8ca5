"""Aliases: two plain words for speaking about a case (FORMATS.md section 11)."""

from __future__ import annotations

from typing import Final

from app.crypto.encoding import id_decode
from app.domain import CaseId

# 128 each, told apart by their first four letters, and none of them on the BIP-39 list: an alias can not be taken for part of a receipt.
ADJECTIVES: Final = tuple(
    """
    amber auburn azure balmy beige breezy buttery chalky citrus clear cloudy cobalt crimson curly dainty dappled dewy downy earthy
    ebony emerald fair feathery flaxen fleecy floral fluffy foggy frosty gilded glassy glossy glowing golden grainy grassy grey
    hazy heathery indigo jade jolly cosy knitted leafy lilac lime linen lively lofty maize maroon matte mauve mellow mild milky
    mint mirrored misty mossy muted navy neat nifty nimble nutty oaken ochre opal pastel peach pearly pebbly plaid plush polished
    quartz quiet quilted rainy ribbed rosy ruby ruffled russet rustic sage sandy satin scarlet sepia serene sunlit sheer shiny
    silky sleek snowy sparkly speckled spotted starry steady striped sturdy supple tartan tawny teal tender tidy tinted topaz
    treetop turquoise tweed umber verdant violet wavy waxen windy wispy woodsy woolly woven zesty
    """.split()  # noqa: SIM905 - as a list it would be 256 lines
)
NOUNS: Final = tuple(
    """
    acorn alder apron aspen aster badger bagel banjo barley basil beaver beech bell berry birch bison bluebell bonnet brook bucket
    button camel candle carrot catkin cedar chestnut clover compass cottage crocus cypress daffodil daisy dormouse duckling easel
    elm falcon feather fern finch flute foxglove ladybird goldfinch hazel heather hedge heron holly ibis inlet iris ivy jackdaw
    jasmine jigsaw juniper kayak kestrel kettle koala ladle lagoon lantern larch lark lavender lentil lettuce lily llama lute
    magnolia marten melon mitten moss myrtle nutmeg oat oboe orchid otter owl papaya parsley partridge peacock pebble pillow pine
    plum poplar poppy puffin quail quince reed robin rooster rosemary rowan sailboat sandal sapling shrub snowdrop sparrow spruce
    swan sycamore teapot thrush thyme toucan trout tulip turnip vase waterfall willow woodpecker wren yak yarrow zinnia
    """.split()  # noqa: SIM905 - as a list it would be 256 lines
)


def alias(case_id: CaseId) -> str:
    """An adjective and a noun, joined by a space. Many cases share one. FormatError unless it is an id."""
    data = id_decode(case_id)
    return f"{ADJECTIVES[data[0] % len(ADJECTIVES)]} {NOUNS[data[1] % len(NOUNS)]}"
