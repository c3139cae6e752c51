"""The axes of a plot by hand: widgets chosen by pointer and keys, their values completed, and what is wrong told."""

from playwright.sync_api import expect

from tests.browser.pages import Editor
from tests.browser.test_subgraphs import make


def test_axes_are_chosen_and_their_values_completed_and_checked(editor: Editor):
    page = editor.page
    make(editor, "Painting", "KSampler")
    plot = editor.add("X/Y/Z Plot", 700, 700)
    [decode] = [
        id for id in editor.ids() if editor.page.locator(f'[data-node="{id}"]').get_by_text("VAE Decode").count()
    ]
    editor.link(decode, "IMAGE", plot, "images")

    target = editor.field(plot, "x_target").get_by_role("textbox")
    editor.field(plot, "x_target").get_by_role("button").click()
    page.get_by_role("option", name="Painting › KSampler.sampler_name").click()
    expect(target).to_have_value("Painting › KSampler.sampler_name")
    other = editor.field(plot, "y_target").get_by_role("textbox")
    other.press("ArrowDown")
    page.get_by_role("combobox", name="Search").fill("Painting seed")
    page.keyboard.press("Enter")
    expect(other).to_have_value("Painting › KSampler.seed")

    values = editor.field(plot, "x_values").get_by_role("textbox")
    options = page.get_by_role("listbox", name="Completions").get_by_role("option")
    values.click()
    expect(options.first).to_have_text("euler")
    page.keyboard.type("2m_sde")
    expect(options.first).to_have_text("dpmpp_2m_sde")
    page.keyboard.press("Enter")
    expect(values).to_have_value("dpmpp_2m_sde")
    expect(options).to_have_count(0)
    page.keyboard.type(", eu")
    options.filter(has_text="euler_ancestral").first.click()
    expect(values).to_have_value("dpmpp_2m_sde, euler_ancestral")
    page.keyboard.type(", nonsense")
    editor.queue()
    expect(page.get_by_text("There is no 'nonsense' to choose.").first).to_be_visible()
    kept = editor.wait_for_draft(lambda document: "nonsense" in str(document))
    [saved] = [node for node in kept["nodes"] if node["type"] == "XYZPlot"]
    assert saved["widgets_values"][:3] == [
        *("Painting › KSampler.sampler_name", "dpmpp_2m_sde, euler_ancestral, nonsense", "Painting › KSampler.seed"),
    ]
