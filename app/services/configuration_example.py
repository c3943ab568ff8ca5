"""A complete configuration to begin from: the demo's, and what `quietline configure --example` prints."""

from __future__ import annotations

from typing import Final

EXAMPLE_TOML: Final = '''\
# What the portal says and asks. Put it in force with: quietline configure FILE.toml
name = "Northwind Works"
language = "en"
intro = """
Tell us about something that is wrong at work: harassment, fraud, danger, or a rule that is being broken.
You do not have to be sure, and you do not have to say who you are."""
emergency = "If somebody is in danger now, call the emergency services: 112 in Europe, 911 in North America."
# Where "Leave this page" leads.
neutral_url = "https://www.wikipedia.org/"
# Host names under which the portal answers. While this list is empty it answers on this machine only.
hosts = []
# onion = "http://(56 characters).onion"

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
# A report is deleted, with its whole conversation and its files, so many days after it was closed (1 to 3650). Reporters are told.
# Without this line closed reports are kept until somebody withdraws them.
# retention_days = 1095

[[channels.questions]]
id = "category"
kind = "one"
label = "What is it about?"
required = true
options = ["Harassment or bullying", "Discrimination", "Health and safety", "Fraud or theft", "Conflict of interest", "Something else"]

[[channels.questions]]
id = "place"
kind = "text"
label = "Where did it happen?"
hint = "A site or a department is enough. Leave it out if only a few people work there."

[[channels.questions]]
id = "since"
kind = "date"
label = "Since about when?"
hint = "A rough date is better than an exact one if only you could know it."

[[channels.questions]]
id = "known"
kind = "several"
label = "Who knows about it already?"
options = ["Nobody that I know of", "Colleagues", "A manager", "The works council or a union", "Somebody outside"]

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
id = "amount"
kind = "text"
label = "If money is involved: roughly how much?"
'''
