"""A handler on chameleon."""

from chameleon import PageTemplate

SOURCE = """<table xmlns="http://www.w3.org/1999/xhtml" xmlns:tal="http://xml.zope.org/namespaces/tal">
<tr tal:repeat="row options['table']"><td tal:repeat="c row.values()">
<span tal:define="d c + 1" tal:attributes="class 'column-' + str(d)" tal:content="d" /></td></tr></table>"""


def handler(event, context):
    rows = [{str(j): j for j in range(event.get("columns", 5))} for _ in range(event.get("rows", 5))]
    return {"html": PageTemplate(SOURCE).render(options={"table": rows})}
