"""A workflow used as a form: what it shows, what can be chosen, and that the choice goes with the file."""

from playwright.sync_api import expect

from tests.browser.pages import Editor


def test_a_workflow_is_used_as_a_form(editor: Editor):
    page = editor.page
    editor.button("Show as a form").click()
    form = page.get_by_role("main", name="Form")
    expect(form).to_be_visible()
    expect(editor.node("KSampler")).to_be_hidden()
    steps = form.locator("[data-field$='/steps']").get_by_role("spinbutton")
    steps.fill("4")
    steps.press("Enter")
    prompt = form.get_by_role("textbox").first
    prompt.fill("a small blue circle on a white background")
    form.get_by_role("button", name="Run").click()
    picture = form.get_by_role("region", name="Results").locator(".form-picture img")
    expect(picture).to_be_visible(timeout=90_000)
    editor.button("Show as a form").click()
    expect(form).to_have_count(0)
    expect(editor.node("KSampler").get_by_role("spinbutton", name="steps")).to_have_value("4")


def test_chosen_fields_keep_their_order_and_labels_in_the_file(editor: Editor):
    page = editor.page
    editor.node("KSampler").locator(".node-title").click(button="right")
    page.get_by_role("menuitem", name="In the form").hover()
    page.get_by_role("menuitemcheckbox", name="steps").click()
    page.keyboard.press("Alt+f")
    form = page.get_by_role("main", name="Form")
    expect(form.locator("[data-field]")).to_have_count(1)
    form.get_by_role("button", name="Choose fields").click()
    form.get_by_role("group", name="KSampler").get_by_role("checkbox", name="cfg").check()
    form.get_by_role("textbox", name="Label of KSampler: cfg").fill("Faithfulness")
    form.get_by_role("textbox", name="Label of KSampler: cfg").press("Enter")
    form.get_by_role("button", name="Move KSampler: cfg up").click()
    form.get_by_role("button", name="Done").click()
    expect(form.locator("[data-field]").first).to_contain_text("Faithfulness")
    document = editor.wait_for_draft(
        lambda document: "label" in document["extra"].get("safelight.form", {"fields": [{}]})["fields"][0]
    )
    sampler = next(node["id"] for node in document["nodes"] if node["type"] == "KSampler")
    assert document["extra"]["safelight.form"]["fields"] == [
        {"node": sampler, "input": "cfg", "label": "Faithfulness"},
        {"node": sampler, "input": "steps"},
    ]
    for _ in range(4):
        page.keyboard.press("Control+z")
    editor.wait_for_draft(lambda document: "safelight.form" not in document["extra"])
    expect(form.locator("[data-field]").nth(8)).to_be_visible()
