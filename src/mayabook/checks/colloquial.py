"""Colloquial and dialect spellings, and interjections: what ASR writes in another way than books do."""

COLLOQUIAL = {
    "shan't": "shall not", "em": "them|him", "im": "him", "ere": "here", "un": "one", "uns": "ones",
    "yer": "your|you|you are", "ye": "you|your", "yeh": "you|yes", "ter": "to", "fer": "for", "o": "of", "wi": "with",
    "th": "the", "tis": "it is", "twas": "it was", "twere": "it were", "twill": "it will", "twould": "it would",
    "afore": "before", "bout": "about", "cos": "because", "coz": "because", "til": "till|until",
    "agin": "again|against", "guvnor": "governor", "guv'nor": "governor", "feller": "fellow", "mebbe": "maybe",
    "hisself": "himself", "theirselves": "themselves", "wot": "what", "wuz": "was", "sez": "says", "git": "get",
    "ole": "old", "lil": "little", "nuff": "enough", "gimme": "give me", "lemme": "let me", "outta": "out of",
    "lotta": "lot of", "oughta": "ought to", "hafta": "have to", "useta": "used to", "d'you": "do you",
    "d'ye": "do you", "y'know": "you know", "c'mon": "come on", "summat": "something",
}  # fmt: skip
"""What ASR writes for each; a bar separates alternatives. Contractions such as "gonna" and "don't" come with
whisper-normalizer; this is what it lacks."""

INTERJECTIONS = frozenset(
    (
        "ah aha ahem aw bah brr eek eh er gah ha hah haw hem hm hmm ho huh humph mm oh oho ooh ow pah pooh pshaw psst "
        "pst sh shh tch tsk ugh uh um whew"
    ).split()
)
