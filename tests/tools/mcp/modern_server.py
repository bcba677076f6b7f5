"""A server of the package itself, which speaks the newest protocol: changes go on a stream of their
own."""

from mcp.server.mcpserver import Context, MCPServer

server = MCPServer("modern")


@server.tool()
def add(left: int, right: int) -> int:
    """Adds."""
    return left + right


@server.tool()
async def grow(context: Context) -> str:
    """Adds a tool."""
    server.add_tool(add, name="grown")
    await context.notify_tools_changed()
    return "grown"


if __name__ == "__main__":
    server.run("stdio")
