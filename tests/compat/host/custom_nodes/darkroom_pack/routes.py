import asyncio

from aiohttp import web
from server import PromptServer

seen_prompts = []
server = PromptServer.instance


@server.routes.get("/darkroom/hello")
async def hello(request):
    return web.json_response({"hello": request.query.get("name"), "cookie": request.headers.get("Cookie")})


@server.routes.post("/darkroom/echo/{word}")
async def echo(request):
    body = await request.read()
    response = web.Response(body=body[::-1], status=201, headers={"X-Word": request.match_info["word"]})
    response.set_cookie("darkroom", "1")
    return response


@server.routes.get("/darkroom/stream")
async def stream(request):
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    for number in range(3):
        await response.write(f"{number}\n".encode())
        await asyncio.sleep(0)
    return response


@server.routes.get("/darkroom/broken")
async def broken(request):
    raise RuntimeError("the bath is empty")


@server.routes.get("/queue")
async def hidden(request):
    return web.json_response("never")


async def by_app(request):
    return web.json_response(request.match_info["path"])


server.app.router.add_get("/darkroom/files/{path:.+}", by_app)


def on_prompt(body):
    seen_prompts.append(body["prompt"])
    for node in body["prompt"].values():
        if node["class_type"] == "DarkroomFolders" and node["inputs"].get("name") == "%stamp%":
            node["inputs"]["name"] = "stamped.txt"
    return body


server.add_on_prompt_handler(on_prompt)
