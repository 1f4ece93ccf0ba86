"""The pages behind a link. They name nobody and nothing: whoever sees the screen learns that an answer is wanted."""

from html import escape

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex"><title>{title}</title>
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1b1b1b }}
  fieldset {{ border: 1px solid #bbb; border-radius: .5rem; padding: 1rem }}
  label {{ display: block; margin: .4rem 0 }}
  button {{ font: inherit; padding: .5rem 1.2rem; border-radius: .4rem; border: 0; background: #14507a; color: #fff }}
</style></head><body><h1>{title}</h1>
{body}
</body></html>
"""

_FORM = """<p>Someone asks for your answer. The details came to you by the way that you agreed on; this page
holds none.</p>
<form method="post"><input type="hidden" name="number" value="{number}">
<fieldset><legend>Your answer</legend>
<label><input type="radio" name="status" value="accepted" required> We accept</label>
<label><input type="radio" name="status" value="waitlisted"> We accept later: there is a waiting list</label>
<label><input type="radio" name="status" value="scheduled"> An appointment is made for
  <input type="datetime-local" name="appointment_at" aria-label="Day and time of the appointment"></label>
<label><input type="radio" name="status" value="visited"> The first visit took place</label>
<label><input type="radio" name="status" value="missed"> The first visit did not take place</label>
<label><input type="radio" name="status" value="declined"> We cannot take this on</label>
<label><input type="radio" name="status" value="cancelled"> We have cancelled it, as you asked</label>
</fieldset>
<p><button>Send</button></p></form>
"""


def form(number: str) -> str:
    """The form; `number` makes one filling of it one answer, however often it is sent."""
    return _FRAME.format(title="Your answer", body=_FORM.format(number=number))


def thanks() -> str:
    """After an answer."""
    return _FRAME.format(
        title="Thank you",
        body="<p>Your answer has arrived. You may use the link again if something changes.</p>",
    )


def wrong(words: str) -> str:
    """After an answer that could not be read."""
    return _FRAME.format(
        title="Please look again", body=f"<p>{escape(words)}</p><p>Go back and correct it.</p>"
    )


def not_here() -> str:
    """For every link that does not serve, whatever the reason (P11)."""
    return _FRAME.format(
        title="This link does not serve", body="<p>Please ask whoever sent it to you for a new one.</p>"
    )


def later() -> str:
    """While we cannot take answers."""
    return _FRAME.format(title="One moment", body="<p>Please send your answer again in a few minutes.</p>")
