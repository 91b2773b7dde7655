"""Three short texts that say the same sort of thing, and an English text from which pieces are learnt."""

from __future__ import annotations

TEXTS = {
    "English": "An old farmer closes the gate of the garden and walks along the river to the village.",
    "numbers": "In 1987 the wheel made 48213 turns and in 2024 it made 1730956, or 3590.3 per cent.",
    "Greek": "Ένας γέρος αγρότης κλείνει την πόρτα του κήπου και περπατά ως το χωριό στο ποτάμι δίπλα.",
}
"""Each of 16 or 17 words; the Greek one says what the English one says."""
LEARNT_FROM = """\
There is an old mill at the end of the valley, where the river comes down from the hills.
The miller opens the door of the mill in the morning and closes the door in the evening.
The water of the river turns the wheel, and the wheel turns the heavy stone all day long.
In the summer the water is low and the wheel turns slowly; in the winter the water is high and the wheel turns fast.
The farmers of the valley bring their corn to the mill, and the miller makes flour of the corn.
The children of the miller play at the river, and the old dog of the mill sleeps at the door.
When the wind is strong, the doors of the mill open and close all night, and the miller wakes up.
The baker comes to the mill on the old road and takes the flour to the village.
The bread of the baker is warm in the morning, and all the people of the village come to the door of the baker.
The miller says that the wheel is older than the mill, and that the river is older than the wheel.
One day the wheel stood still, for the ice had closed the river, and the miller waited for the warm wind.
Then the ice was gone, the water came down, and the wheel of the mill turned all the day and all the night.
"""
