"""What the demo's portal says and asks. No question asks who the writer is."""

from __future__ import annotations

from typing import Final

DEMO_TOML: Final = '''\
name = "Harbour & Field (demo)"
language = "en"
intro = """
Tell us about something that is wrong at work: harassment, fraud, danger, or a rule that is being broken.
You do not have to be sure, and you do not have to say who you are."""
emergency = "If somebody is in danger now, call the emergency services: 112 in Europe, 911 in North America."
neutral_url = "https://www.wikipedia.org/"

[[outside_help]]
name = "Your country's authority for reports"
text = "You may report to the competent public authority at any time, instead of or in addition to us."

[[outside_help]]
name = "Whistleblowing International Network"
text = "Independent organisations that advise people who report, without charge."
url = "https://whistleblowingnetwork.org/"

[[channels]]
slug = "ethics"
name = "Ethics team"
description = "Conduct, harassment, discrimination, safety, and anything that does not fit elsewhere."
readers = "The officers of the ethics team. They do not report to your management line."

[[channels.questions]]
id = "category"
kind = "one"
label = "What is it about?"
required = true
options = ["Harassment or bullying", "Discrimination", "Health and safety", "Fraud or theft", "Conflict of interest", "Something else"]

[[channels.questions]]
id = "when"
kind = "date"
label = "Since about when?"
hint = "A rough date is better than an exact one if only you could know it."

[[channels.questions]]
id = "where"
kind = "text"
label = "Where did it happen?"
hint = "A site or a department is enough. Leave it out if only a few people work there."

[[channels.questions]]
id = "known"
kind = "several"
label = "How do you know about this?"
hint = "Leave it out if the answer would point at you."
options = ["I saw or heard it", "I was told", "From papers or files", "It happens to me", "Another way"]

[[channels]]
slug = "audit"
name = "Audit committee"
description = "Accounting, bribery, sanctions, and concerns about senior management."
readers = "Members of the supervisory board's audit committee. Executives have no access."

[[channels.questions]]
id = "category"
kind = "one"
label = "What is it about?"
required = true
options = ["Accounting or reporting", "Bribery or corruption", "Senior management", "Sanctions or export", "Something else"]

[[channels.questions]]
id = "when"
kind = "date"
label = "Since about when?"

[[channels.questions]]
id = "amount"
kind = "text"
label = "If money is involved: roughly how much?"

[[channels.questions]]
id = "known"
kind = "several"
label = "How do you know about this?"
hint = "Leave it out if the answer would point at you."
options = ["I saw or heard it", "I was told", "From papers or files", "Another way"]
'''
