"""Some customers: what they were recommended, why, and what they bought."""

from lookbook.report.fact import Fact
from lookbook.report.html import Child, Html, label, number, paragraph, tag
from lookbook.report.section import Files, Section, file, segment_label


def customers(files: Files) -> Section:
    shows = "Some customers, chosen by a fixed rule and not by how well they look: what was recommended next to what they bought."
    cards = file(files, "report.json")["customers"].rows()
    if not cards:
        return Section("customers", "Example customers", shows, ["This run has no customers to show."], [])
    hits = sum(bool(item["bought"].value) for card in cards for item in card["recommended"].rows())
    bought = sum(len(card["bought"].rows()) for card in cards)
    says: list[Child] = [f"Of the {bought:,} articles that these {len(cards)} customers bought, {hits:,} had been recommended."]
    return Section("customers", "Example customers", shows, says, [_card(card) for card in cards])


def _card(card: Fact) -> Html:
    recommended, bought = card["recommended"].rows(), card["bought"].rows()
    hits = sum(bool(item["bought"].value) for item in recommended)
    title = tag("h3", {}, f"Customer {card['customer'].text}")
    segment = card["segment"].text
    last = "No purchase before." if segment == "never" else f"Last purchase {segment_label(segment)} before the week."
    summary = tag("p", {"class": "shows"}, f"{last} {hits} of {len(recommended)} recommendations were bought.")
    columns = tag(
        "div",
        {"class": "columns"},
        tag(
            "div",
            {},
            tag("h4", {}, "Recommended"),
            tag("ol", {"class": "recommended"}, *(_recommended(item) for item in recommended)),
        ),
        tag(
            "div",
            {},
            tag("h4", {}, f"Bought in the test week ({len(bought)})"),
            tag("ul", {}, *(_bought(item) for item in bought)),
            *_before(card),
        ),
    )
    return tag("article", {"class": "card"}, title, summary, columns)


def _recommended(item: Fact) -> Html:
    hit = bool(item["bought"].value)
    mark = [tag("strong", {"class": "hit"}, "✓ bought")] if hit else []
    sources = ", ".join(f"{label(row['source'].text)} (rank {row['rank'].text})" for row in item["sources"].rows())
    reason = item["reason"].text or (f"suggested by {sources}" if sources else "")
    return tag("li", {"class": "bought" if hit else ""}, _name(item), " ", *mark, tag("small", {"title": sources}, reason))


def _bought(item: Fact) -> Html:
    rank = item["recommended_rank"]
    if rank.value is not None:
        return tag(
            "li", {"class": "bought"}, _name(item), " ", tag("strong", {"class": "hit"}, "✓ recommended at ", number(rank, "d"))
        )
    lost = item["lost_at"].text
    return tag("li", {}, _name(item), " ", tag("small", {}, lost)) if lost else tag("li", {}, _name(item))


def _before(card: Fact) -> list[Html]:
    rows = card["last_purchases"].rows()
    if not rows:
        return [tag("h4", {}, "Bought before"), paragraph("Nothing.")]
    items = (tag("li", {}, _name(row), " ", tag("small", {}, number(row["days_ago"], "d"), " days before")) for row in rows)
    return [tag("h4", {}, "Bought before"), tag("ul", {}, *items)]


def _name(item: Fact) -> Html:
    return tag("span", {"class": "name", "title": item["article"].text}, item["name"].text or item["article"].text)
