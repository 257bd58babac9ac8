def handler(event, context):
    return {"statusCode": 200}


def thumbnail(event, context):
    return None
