"""The letters on which the tokenizers library and Python's tables of Unicode differ, as they are of different years.

The library (0.23) has newer tables for letters, numbers and words, and older ones for what BERT's normalization asks:
punctuation, control characters and marks. Written as codes in base 16, from-to.
"""

from __future__ import annotations


def _letters(text: str) -> frozenset[str]:
    """Return the letters of a list of codes."""
    ends = (part.split("-") for part in text.split())
    return frozenset(chr(n) for first, *last in ends for n in range(int(first, 16), int((last or [first])[0], 16) + 1))


NEWER_LETTERS = _letters(
    "1c89-1c8a a7cb-a7cd a7da-a7dc 105c0-105f3 10d4a-10d65 10d6f-10d85 10ec2-10ec4 1123f-11240 11380-11389 1138b "
    "1138e 11390-113b5 113b7 113d1 113d3 11bc0-11be0 11f02 11f04-11f10 11f12-11f33 1342f 13441-13446 13460-143fa "
    "16100-1611d 16d40-16d6c 18cff 1b132 1b155 1df25-1df2a 1e030-1e06d 1e4d0-1e4eb 1e5d0-1e5ed 1e5f0 2b739 "
    "2ebf0-2ee5d 31350-323af "
)
"""Letters since Unicode 15."""
NEWER_NUMBERS = _letters(
    "10d40-10d49 116d0-116e3 11bf0-11bf9 11f50-11f59 16130-16139 16d70-16d79 1ccf0-1ccf9 1d2c0-1d2d3 1e4f0-1e4f9 "
    "1e5f1-1e5fa "
)
"""Numbers since Unicode 15."""
NEWER_PARTS_OF_WORDS = _letters(
    "897 cf3 ece 1c89-1c8a a7cb-a7cd a7da-a7dc 105c0-105f3 10d40-10d65 10d69-10d6d 10d6f-10d85 10ec2-10ec4 "
    "10efc-10eff 1123f-11241 11380-11389 1138b 1138e 11390-113b5 113b7-113c0 113c2 113c5 113c7-113ca 113cc-113d3 "
    "113e1-113e2 116d0-116e3 11bc0-11be0 11bf0-11bf9 11f00-11f10 11f12-11f3a 11f3e-11f42 11f50-11f5a 1342f "
    "13440-13455 13460-143fa 16100-16139 16d40-16d6c 16d70-16d79 18cff 1b132 1b155 1ccf0-1ccf9 1df25-1df2a "
    "1e030-1e06d 1e08f 1e4d0-1e4f9 1e5d0-1e5fa 2b739 2ebf0-2ee5d 31350-323af "
)
"""Letters, numbers and marks since Unicode 15."""
OLDER_PUNCTUATION = _letters("166d 111c9 ")
"""Punctuation for BERT's split that is none in newer tables."""
NO_PUNCTUATION = _letters(
    "61d 9fd a76 c77 c84 1b7d-1b7e 2e43-2e4f 2e52-2e5d 10ead 10f55-10f59 10f86-10f89 1144b-1144f 1145a-1145b 1145d "
    "11660-1166c 116b9 1183b 11944-11946 119e2 11a3f-11a46 11a9a-11a9c 11a9e-11aa2 11c41-11c45 11c70-11c71 "
    "11ef7-11ef8 11fff 12ff1-12ff2 16e97-16e9a 16fe2 1e95e-1e95f "
)
"""Punctuation that BERT's split does not know."""
NO_CONTROL = _letters("890-891 8e2 110cd 13430-13438 ")
"""Format characters that BERT's normalization leaves."""
OLDER_MARKS = _letters("1cf2-1cf3 ")
"""Marks for the library that are letters in newer tables."""
NO_MARK = _letters(
    "7fd 898-89f 8ca-8d3 9fe afa-aff b55 c04 c3c d00 d3b-d3c d81 eba 1715 180f 1abf-1ace 1cf7 1df6-1dfa a82c a8ff "
    "10d24-10d27 10eab-10eac 10f46-10f50 10f82-10f85 11070 11073-11074 110c2 11145-11146 111c9 111ce-111cf 1133b "
    "1145e 1182c-1183a 11930-11935 11937-11938 1193b-1193e 11940 11942-11943 119d1-119d7 119da-119e0 119e4 "
    "11a01-11a0a 11a33-11a39 11a3b-11a3e 11a47 11a51-11a5b 11a8a-11a99 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 "
    "11d47 11d8a-11d8e 11d90-11d91 11d93-11d97 11ef3-11ef6 16f4f 16f7f-16f87 16fe4 16ff0-16ff1 1cf00-1cf2d "
    "1cf30-1cf46 1e130-1e136 1e2ae 1e2ec-1e2ef "
)
"""Marks that the library leaves where it strips accents."""
OLDER_NONSPACING = _letters("1734 ")
"""Nonspacing marks for the library that are spacing ones in newer tables."""
NO_NONSPACING = _letters(
    "7fd 898-89f 8ca-8e1 9fe afa-aff b55 c04 c3c d00 d3b-d3c d81 eba 180f 1885-1886 1abf-1ace 1df6-1dfb a82c a8c5 "
    "a8ff a9bd 10d24-10d27 10eab-10eac 10f46-10f50 10f82-10f85 11070 11073-11074 110c2 111c9 111cf 1123e 1133b "
    "11438-1143f 11442-11444 11446 1145e 1182f-11837 11839-1183a 1193b-1193c 1193e 11943 119d4-119d7 119da-119db "
    "119e0 11a01-11a0a 11a33-11a38 11a3b-11a3e 11a47 11a51-11a56 11a59-11a5b 11a8a-11a96 11a98-11a99 11c30-11c36 "
    "11c38-11c3d 11c3f 11c92-11ca7 11caa-11cb0 11cb2-11cb3 11cb5-11cb6 11d31-11d36 11d3a 11d3c-11d3d 11d3f-11d45 "
    "11d47 11d90-11d91 11d95 11d97 11ef3-11ef4 16f4f 16fe4 1cf00-1cf2d 1cf30-1cf46 1e000-1e006 1e008-1e018 "
    "1e01b-1e021 1e023-1e024 1e026-1e02a 1e130-1e136 1e2ae 1e2ec-1e2ef 1e944-1e94a "
)
"""Nonspacing marks that BERT's normalization leaves."""
NOT_TAKEN_APART = _letters("32ff a7f2-a7f4 ab69 10781-10785 10787-107b0 107b2-107ba 1f16c 1fbf0-1fbf9 ")
"""Letters that NFKC and NFKD take apart in newer tables only."""
NEWER_SMALL_LETTERS = {
    chr(int(capital, 16)): chr(int(small, 16))
    for capital, small in (
        pair.split(":")
        for pair in (
            "1c89:1c8a a7cb:264 a7cc:a7cd a7ce:a7cf a7d2:a7d3 a7d4:a7d5 a7da:a7db a7dc:19b 10d50:10d70 "
            "10d51:10d71 10d52:10d72 10d53:10d73 10d54:10d74 10d55:10d75 10d56:10d76 10d57:10d77 10d58:10d78 "
            "10d59:10d79 10d5a:10d7a 10d5b:10d7b 10d5c:10d7c 10d5d:10d7d 10d5e:10d7e 10d5f:10d7f 10d60:10d80 "
            "10d61:10d81 10d62:10d82 10d63:10d83 10d64:10d84 10d65:10d85 16ea0:16ebb 16ea1:16ebc 16ea2:16ebd "
            "16ea3:16ebe 16ea4:16ebf 16ea5:16ec0 16ea6:16ec1 16ea7:16ec2 16ea8:16ec3 16ea9:16ec4 16eaa:16ec5 "
            "16eab:16ec6 16eac:16ec7 16ead:16ec8 16eae:16ec9 16eaf:16eca 16eb0:16ecb 16eb1:16ecc 16eb2:16ecd "
            "16eb3:16ece 16eb4:16ecf 16eb5:16ed0 16eb6:16ed1 16eb7:16ed2 16eb8:16ed3 "
        ).split()
    )
}
"""The small letters of capitals since Unicode 15."""
