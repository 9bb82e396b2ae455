"""Emoji and emoticons as words: the encoder's vocabulary knows hardly any of them."""

import re

WORDS: dict[str, str] = {
    "😀": "happy", "😃": "happy", "😄": "happy", "😁": "happy", "😊": "happy", "🙂": "smile",
    "☺": "smile", "😇": "innocent", "😌": "relieved", "😎": "cool", "🤗": "hug", "🥳": "celebrate",
    "🎉": "celebrate", "🎊": "celebrate", "😂": "laughing", "🤣": "laughing", "😆": "laughing",
    "😹": "laughing", "😅": "nervous laugh", "🙃": "ironic smile", "😉": "wink", "😜": "joking",
    "😝": "joking", "😛": "joking", "🤪": "silly", "😋": "delicious", "😍": "love", "🥰": "love",
    "😘": "kiss", "😻": "love", "💋": "kiss", "❤": "love", "🧡": "love", "💛": "love",
    "💚": "love", "💙": "love", "💜": "love", "🖤": "love", "🤍": "love", "💕": "love",
    "💖": "love", "💗": "love",
    "💓": "love", "💞": "love", "♥": "love", "💔": "heartbroken", "🤩": "excited",
    "✨": "wonderful",
    "🔥": "awesome", "💯": "absolutely", "👍": "good", "👌": "good", "👏": "applause",
    "🙌": "hooray", "🙏": "please", "💪": "strong", "🤞": "hopeful", "✌": "peace", "🏆": "winner",
    "🌞": "sunny", "☀": "sunny", "🌈": "rainbow", "🎂": "birthday", "🥺": "pleading", "😢": "sad",
    "😭": "crying", "😞": "disappointed", "😔": "sad", "😟": "worried", "🙁": "sad", "☹": "sad",
    "😥": "sad", "😿": "sad", "😩": "exhausted", "😫": "exhausted", "😪": "tired", "😴": "sleepy",
    "🥱": "bored", "😒": "annoyed", "🙄": "annoyed", "😑": "annoyed", "😐": "indifferent",
    "😶": "speechless", "🤔": "wondering", "🤨": "doubtful", "😕": "confused", "😖": "upset",
    "😣": "struggling", "😤": "angry", "😠": "angry", "😡": "furious", "🤬": "furious",
    "👿": "angry", "🖕": "fuck you", "👎": "bad", "😱": "terrified", "😨": "scared",
    "😰": "anxious", "😧": "shocked", "😦": "shocked", "😬": "awkward", "😳": "embarrassed",
    "🫣": "embarrassed", "🤦": "facepalm", "🤷": "do not know", "😮": "surprised",
    "😯": "surprised", "😲": "astonished", "🤯": "mind blown", "😵": "dizzy", "🤢": "disgusted",
    "🤮": "disgusted", "🤒": "ill", "🤕": "hurt", "😷": "ill", "💀": "dead laughing",
    "💩": "shit", "🥵": "hot", "🥶": "cold", "🥲": "bittersweet", "😏": "smug", "👀": "look",
    "💐": "flowers", "🎶": "music", "🎵": "music",
}  # fmt: skip

EMOTICONS: dict[str, str] = {
    ":)": "smile", ":-)": "smile", "=)": "smile", ":D": "happy", ":-D": "happy", "xD": "laughing",
    "XD": "laughing", ";)": "wink", ";-)": "wink", ":P": "joking", ":p": "joking", "<3": "love",
    "</3": "heartbroken", ":(": "sad", ":-(": "sad", "=(": "sad", ":'(": "crying",
    ":/": "doubtful", ":-/": "doubtful", ":O": "surprised", ":o": "surprised", "D:": "shocked",
}  # fmt: skip


def spell_out(text: str) -> str:
    """Replace each known emoji and each free-standing emoticon by its words.

    Unknown emoji stay as they are; skin tones, joiners and variation selectors are dropped.
    """
    plain = _MODIFIERS.sub("", text)
    worded = _EMOJI.sub(lambda found: f" {WORDS[found[0]]} ", plain)
    return _EMOTICON.sub(lambda found: f" {EMOTICONS[found[0]]} ", worded)


_MODIFIERS = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f\u200d\u2640\u2642]")
_EMOJI = re.compile("|".join(map(re.escape, WORDS)))
_EMOTICON = re.compile(
    r"(?<!\S)(?:" + "|".join(map(re.escape, sorted(EMOTICONS, key=len, reverse=True))) + r")(?!\S)"
)
