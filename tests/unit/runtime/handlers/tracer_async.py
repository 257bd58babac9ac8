"""Coroutines and asynchronous generators, one after the other and at once."""

import asyncio
import contextlib

from aws_lambda_powertools import Tracer

tracer = Tracer()


@tracer.capture_method
async def collect(number):
    tracer.put_annotation("number", number)
    await asyncio.sleep(0)
    return number


@contextlib.asynccontextmanager
@tracer.capture_method
async def session():
    yield "session"


async def main():
    async with session():
        one = await collect(1)
    async with tracer.provider.in_subsegment_async("## both"):
        two = await collect(2)
    return one + two


@tracer.capture_lambda_handler(capture_response=False)
def handler(event, context):
    return asyncio.run(main())
